"""Build systems beside Azure's registries: Azure Pipelines, GitHub Actions and Jenkins, each speaking its own protocol.

What is built is told once, in `works`; the others say it as their system does, held to recorded answers.
Begin with `works`.
"""
