"""The use cases: the only room that changes business state. Each is short named steps that can be resumed."""
