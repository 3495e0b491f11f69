"""AWS, emulated: moto's server, with what moto lacks of CloudFormation. Run as `python -m emulator`."""
