"""From a trained network to one ONNX file: front end, network and calibration in one graph, the card as metadata."""
