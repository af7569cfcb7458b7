"""Predictions by ONNX models: their cards, training and evaluation."""
