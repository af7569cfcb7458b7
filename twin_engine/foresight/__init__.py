"""Predictions by ONNX models: model cards, training and evaluation."""
