"""The AsyncAPI document, made from the code that it describes: `python -m tests.asyncapi schemas/asyncapi.yaml`."""
