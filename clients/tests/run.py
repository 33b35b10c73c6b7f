"""Runs all tests and ends with one line that says how many passed."""

import sys
import unittest

suite = unittest.defaultTestLoader.loadTestsFromNames(["test_clients", "test_samples", "test_types"])
result = unittest.TextTestRunner(verbosity=2).run(suite)
failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses) + len(result.skipped)
print(f"clients: {result.testsRun - failed} passed, {failed} failed")
sys.exit(1 if failed or not result.testsRun else 0)
