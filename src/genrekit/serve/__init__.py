"""The service: a REST API and a web page on one port, with the model in worker processes that a file may kill.

`create_app` makes the application, `Service` runs it on a port until it is told to stop. FastAPI and uvicorn are
imported when one of them is asked for, not with this package.
"""
