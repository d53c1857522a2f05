"""What a teacher can be made to be, and all texts behind it."""
