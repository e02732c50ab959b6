"""What scanners say of images: consoles, custom resources, attached reports and files, each a source of its own.

Every source yields `ScansSeen`, `ScansCompleted`, `ScanGone` and its health; what a finding means is not decided here.
Importing this package loads neither aiohttp nor any parser.
Begin with `rounds`, on which most of them stand.
"""
