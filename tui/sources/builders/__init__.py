"""Systems that build images, each a source of jobs and runs and a `Builder`, each in a folder of its own.

Begin with `service`, which sends what is asked of any of them, and `named`, for those whose jobs stand in the settings.
"""
