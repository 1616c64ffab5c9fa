from numbers_api import number

# One line each, for pipes.
for _ in range(3):
    print(number())
