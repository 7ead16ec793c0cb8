"""Warns of condensation on a wall, which takes three sensors to know.

The reactor waits until all three have delivered since it fired last (``when_all``). Two nodes compute from different
sources, and a third one joins what they return. The temperature of the wall jumps about, so its source keeps the last
three readings, over restarts too.

Try the graph alone:

    cloaca run python/examples/graphs/sensor_fusion.py

You will see:

    dry air:   {'dew_point_c': 9.3, 'margin_c': 6.7, 'condensation': False}
    the wall is 0.4 degrees colder than the dew point
    damp air:  {'dew_point_c': 16.4, 'margin_c': -0.4, 'condensation': True}
    no sensor: {'dew_point_c': None, 'margin_c': None, 'condensation': None}

Served with ``cloaca serve``, push readings to the three sources (``cloaca source push wall_c 16.1``): with the last of
the three the graph runs.
"""

import math

import cloaca


@cloaca.passthrough_accumulator
def air_c(reading):
    """Temperature of the air. The sensor says it in Fahrenheit, and 999 when it is broken."""
    return None if reading["f"] == 999 else round((reading["f"] - 32) / 1.8, 2)


@cloaca.passthrough_accumulator
def humidity(percent):
    """Relative humidity of the air, 0 to 100."""
    return percent if 0 < percent <= 100 else None


@cloaca.state_accumulator(capacity=3)
def wall_c(celsius):
    """Temperature of the wall: the last three readings."""
    return celsius


@cloaca.reactor(name="wall_watch", accumulators=["air_c", "humidity", "wall_c"], mode="when_all")
class WallWatch:
    """Fires once there are new readings of all three."""


with cloaca.ComputationGraphBuilder(
    "condensation",
    reactor=WallWatch,
    graph={
        "dew_point": {"inputs": ["air_c", "humidity"], "next": "compare"},
        "smooth": {"inputs": ["wall_c"], "next": "compare"},
        "compare": {},
    },
) as condensation:

    @cloaca.node
    def dew_point(air, percent):
        """By the Magnus formula."""
        if air is None or percent is None:
            return None
        gamma = math.log(percent / 100) + 17.62 * air / (243.12 + air)
        return 243.12 * gamma / (17.62 - gamma)

    @cloaca.node
    def smooth(readings):
        return sum(readings) / len(readings) if readings else None

    @cloaca.node
    def compare(dew_point_c, wall):
        if dew_point_c is None or wall is None:
            return {"dew_point_c": None, "margin_c": None, "condensation": None}
        margin_c = round(wall - dew_point_c, 1)
        if margin_c < 0:
            print(f"the wall is {-margin_c} degrees colder than the dew point")
        return {"dew_point_c": round(dew_point_c, 1), "margin_c": margin_c, "condensation": margin_c < 0}


if __name__ == "__main__":
    wall = [wall_c(celsius) for celsius in (15.9, 16.1, 16.0)]
    air = air_c({"f": 68})
    print("dry air:  ", condensation.execute({"air_c": air, "humidity": humidity(50), "wall_c": wall}))
    print("damp air: ", condensation.execute({"air_c": air, "humidity": humidity(80), "wall_c": wall}))
    print("no sensor:", condensation.execute({"air_c": air_c({"f": 999}), "wall_c": wall}))
