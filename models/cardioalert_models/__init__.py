"""The networks that ship with CardioAlert, each with the card that describes it."""
