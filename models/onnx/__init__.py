"""ONNX files, each with its model card."""
