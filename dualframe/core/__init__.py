"""What everything rests on: quantities, errors, validation, files."""

from dualframe.core.folder_preferences import ignore_folder_preferences

ignore_folder_preferences()
