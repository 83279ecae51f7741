"""The target cpp_standalone: generated C++, compiled and run."""
