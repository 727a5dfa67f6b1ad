"""The report card: what was evaluated as a page, in Markdown and HTML, of one protocol or of several."""
