"""Own genres from a few songs each: a linear classifier on a model file's embedding, scored honestly, as one new file.

`learn` reads ``folder/<genre>/``, cross-validates over artists and recordings, calibrates, and gives a `Learned`, whose
`write` makes a model file that every verb takes. scikit-learn and onnx, imported when they are needed; no PyTorch.
"""
