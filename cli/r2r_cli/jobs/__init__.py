"""Jobs on the command line: waited for, shown, cancelled, tried again."""
