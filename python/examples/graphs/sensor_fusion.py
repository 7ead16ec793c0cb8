"""Warns of condensation on a wall, based on three sensors.

The reactor fires when all three sources have delivered since its last firing (``when_all``). Two nodes process
different sources, and a third node combines their results. The readings of the wall vary, so their source keeps the
last three of them, even after a restart.

Run the graph by itself:

    cloaca run python/examples/graphs/sensor_fusion.py

You will see:

    dry air:   {'dew_point_c': 9.3, 'margin_c': 6.7, 'condensation': False}
    the wall is 0.4 degrees colder than the dew point
    damp air:  {'dew_point_c': 16.4, 'margin_c': -0.4, 'condensation': True}
    no sensor: {'dew_point_c': None, 'margin_c': None, 'condensation': None}

If you serve the script with ``cloaca serve``, push readings to the three sources (``cloaca source push wall_c 16.1``).
The graph runs when the last of the three has delivered.
"""

import math

import cloaca


@cloaca.passthrough_accumulator
def air_c(reading):
    """Converts the temperature of the air from Fahrenheit. A broken sensor reports 999, which is dropped."""
    return None if reading["f"] == 999 else round((reading["f"] - 32) / 1.8, 2)


@cloaca.passthrough_accumulator
def humidity(percent):
    """Passes the relative humidity of the air in percent, and drops invalid values."""
    return percent if 0 < percent <= 100 else None


@cloaca.state_accumulator(capacity=3)
def wall_c(celsius):
    """Keeps the last three temperatures of the wall."""
    return celsius


@cloaca.reactor(name="wall_watch", accumulators=["air_c", "humidity", "wall_c"], mode="when_all")
class WallWatch:
    """Fires when all three sources have new readings."""


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
        """Computes the dew point with the Magnus formula."""
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
