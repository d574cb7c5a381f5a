"""The function of the example: greets, and is answered every other time."""

import random


def handler(event, context):
    print(f"{event['greeting']}, {event['name']}!")
    return {"answered": random.random() < 0.5}
