"""Systems that build images, each a source of jobs and runs and a `Builder`.

Begin with `service`, which sends what is asked of any of them, and `named`, on which those stand whose jobs the settings name.
"""
