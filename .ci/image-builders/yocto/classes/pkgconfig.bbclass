# Nothing of it is needed by the recipe but the programs.
