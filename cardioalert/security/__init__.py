"""How secrets are kept: keys and sealed values, passwords and tokens, who may do what.

Plain functions over values; the tables they are kept in belong to `store`, the rules of use to
`care`.
"""
