"""One module for each subject; every route names its row of the policy table."""
