"""Builds the Raspberry Pi image, its updates, and boots it in an emulator. See docs/image.md."""
