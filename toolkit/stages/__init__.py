"""The stages of the commands: the only place where work is assembled and computed.

`toolkit.settings.commands` names the module of each command; the function has the command's name.
"""
