"""The cloud: one folder per noun; rows, states and views below, one file per verb above."""
