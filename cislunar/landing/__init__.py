"""From a lunar orbit to the ground: descent orbit, braking, approach, touchdown."""
