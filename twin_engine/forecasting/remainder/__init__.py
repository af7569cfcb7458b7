"""What remains after a method, learnt by quantile regression and kept as ONNX."""
