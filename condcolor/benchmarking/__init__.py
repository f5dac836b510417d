"""How fast it is on this machine, by turns with a textbook's code where there is some."""
