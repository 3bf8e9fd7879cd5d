// Measures; replaced when the first benchmark arrives.
print("no benchmark yet")
