"""What terminals ask and show, set in the pages: what `fjes dashboard config` does with a file, section by section."""
