"""Examples of every event, made by the product over simulated pages: `python -m tests.examples schemas/examples`."""
