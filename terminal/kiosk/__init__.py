"""The window with the four faces: the one place that imports Kivy."""
