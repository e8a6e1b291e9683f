"""Four movements out of doors: clear distances, open water in dabs, shores in dots, skies in whorls."""

# Painters are long because pictures are; things take a place, a size and colours in that order throughout.
# ruff: noqa: PLR0912, PLR0915

from __future__ import annotations

from typing import Any

import numpy as np

from r2r_workers.demo.painter_easel import Easel, Field, Image, curve, mix, rgb
from r2r_workers.demo.painter_hand import Hand
from r2r_workers.demo.painter_marks import Paint, blend_angles, blurred, cracks, shape_angle, varnish, vignette, weave
from r2r_workers.demo.painter_things import (
    clouds,
    face,
    foliage,
    house,
    parasol,
    person,
    reflect,
    sailboat,
    spire,
    tree,
)


def clear_distance(e: Easel, hand: Hand, motif: int) -> Image:
    """Still light and far hills that pale with every ridge. Colours: zenith, sky, glow, far hill, near land, sun."""
    zenith, sky, glow, far, near, sun = hand.colours
    horizon = hand.horizon + e.between(-0.05, 0.05)
    sun_x = e.between(0.2, 0.8)
    e.image = e.gradient([(0, zenith), (horizon * 0.55, sky), (horizon, glow), (1, glow)])
    clouds(e, mix(sky, sun, 0.7), mix(zenith, far, 0.5), horizon, e.between(0.25, 0.6))
    light = e.glow(sun_x, horizon - e.between(0.04, 0.2), 0.45, 1.0)[..., None] * sun * 0.7
    e.image = 1 - (1 - np.clip(e.image, 0, 1)) * (1 - light)
    if motif == 3:
        e.shape(e.ellipse(sun_x, horizon * 0.4, 0.045, 0.045), mix(sun, 1.0, 0.6), soft=0.004)
    ridges = 2 if motif == 2 else 4
    for k in range(ridges):  # aerial perspective: the air's colour lies over the far ones
        depth = (k + 1) / ridges
        rise = hand.scale * e.between(0.14, 0.34) * (1.1 - 0.6 * depth)
        line = e.skyline(horizon + 0.02 * depth, rise, e.between(2, 5) + k, 6, 0.5)
        land = mix(mix(glow, far, 0.55), mix(far, near, 0.45), depth)
        mist = np.clip((e.y - line) / (horizon - line.min() + 0.02), 0, 1)[..., None]
        e.fill(
            mix(land, mix(glow, land, 0.35 + 0.4 * depth), mist) * (0.88 + 0.24 * e.noise(14, 4, (1.5, 1)))[..., None],
            e.below(line, 0.003) * (1 - e.below(horizon + 0.04)),
        )
    leaf = e.noise(85, 3)
    ground = mix(near, glow, 0.22)
    if motif in (0, 3):  # a lake, or the same by moonlight
        reflect(e, horizon, mix(sky, near, 0.45), 0.25, 0.03)
    elif motif == 1:  # a valley with a river
        shade = e.noise(10, 5, (2.5, 0.7))
        depth = np.clip((e.y - horizon) / (1 - horizon), 0, 1)
        meadow = mix(mix(mix(far, glow, 0.4), ground, np.sqrt(depth)[..., None]), near, (shade * depth)[..., None])
        e.fill(meadow, e.below(horizon + 0.01, 0.01))
        bends = [(e.between(0.3, 0.7), horizon + 0.015)]
        for k in range(4):
            side = 0.3 if k % 2 else -0.3
            bends.append((0.5 + side * e.between(0.5, 1), horizon + (1.1 - horizon) * ((k + 1) / 4) ** 1.7))
        river = curve(bends)
        e.shape(e.ribbon(river, np.linspace(0.05, 0.4, len(river)) ** 1.7), mix(sky, sun, 0.3), soft=0.003)
        for _ in range(26):
            at = e.between(0.05, 0.7) ** 1.5
            y = horizon + 0.03 + (1 - horizon) * at
            foliage(
                e,
                e.between(0, 1),
                y,
                0.02 + 0.09 * at,
                0.016 + 0.07 * at,
                mix(far, near, at) * 0.8,
                mix(ground, sun, 0.2),
                leaf,
            )
    else:  # a coast
        reflect(e, horizon, mix(zenith, near, 0.35), 0.45, 0.02)
        side = e.pick((0, 1))
        edge = np.abs(e.x[0] - side)
        cliff = e.skyline(horizon + 0.08, 0.1, 9, 5) - np.clip(0.42 - edge, 0, 1) ** 0.7 * 0.55 * hand.scale
        rock = mix(mix(near, far, 0.3), mix(near, sun, 0.5), e.noise(22, 4, (0.35, 2.5))[..., None])
        foot = horizon + 0.08 + 0.3 * np.clip(0.34 - edge, 0, 1)
        e.fill(rock, e.below(cliff) * (1 - e.below(foot, 0.01)) * (edge < 0.44))
        for k in range(4):
            at = e.between(0, 1)
            sailboat(
                e,
                0.5 + (0.5 - side) * e.between(-0.2, 0.8),
                horizon + 0.02 + 0.16 * at * at,
                0.06 + 0.16 * at * (k == 0),
                near * 0.6,
                mix(sun, 1.0, 0.4),
                mix(sky, near, 0.4),
            )
    bank = e.skyline(0.97, 0.12, 3, 5) + 0.12 * np.sin(e.x[0] * 3.1 + e.between(0, 3)) ** 2
    e.fill(near * (0.45 + 0.5 * leaf[..., None]), e.below(bank, 0.006))
    for _ in range(e.pick((1, 2, 3))):
        x = e.pick((e.between(0.03, 0.2), e.between(0.8, 0.97)))
        tree(e, x, e.between(0.93, 1.0), e.between(0.5, 0.85), near * 0.35, mix(near, sun, 0.28), leaf)
    image = _brushed(e, hand, 0.8, coarse=0.011, fine=0.0042, jitter=0.016)
    return vignette(e, varnish(e, weave(e, cracks(e, image, 0.2), 0.02), "a86f2a", 0.1), 0.15)


def open_water(e: Easel, hand: Hand, motif: int) -> Image:
    """Light on water in short loaded dabs. Colours: sky, light, water, foliage, shadow, spark."""
    sky, light, water, green, shadow, spark = hand.colours
    horizon = hand.horizon + e.between(-0.04, 0.04)
    leaf = e.noise(40, 3)
    e.image = e.gradient([(0, sky), (horizon, light), (1, light)])
    clouds(e, mix(light, 1.0, 0.5), mix(sky, shadow, 0.25), horizon, e.between(0.3, 0.7), 1.8)
    if motif == 0:  # a pond: no sky but in the water
        horizon = 0.08
        e.image = e.gradient([(0, green * 0.6), (1, light)])
        for _ in range(14):
            foliage(e, e.between(0, 1), e.between(-0.3, 0.04), 0.2, 0.3, shadow, mix(green, light, 0.4), leaf)
        pond = e.gradient([(0, mix(water, sky, 0.6)), (0.5, water), (1, mix(water, shadow, 0.6))])
        e.fill(
            mix(pond, mix(green, shadow, 0.4), np.clip(e.noise(5, 3, (0.5, 2.4)) * 2.4 - 0.9, 0, 1)[..., None]),
            e.below(horizon, 0.03),
        )
        for _ in range(int(26 * hand.scale)):
            y = e.between(0.16, 0.98)
            x, r = e.between(0, 1), e.between(0.05, 0.1) * (0.35 + 0.9 * y)
            for k in range(3):
                e.shape(
                    e.ellipse(x + (k - 1) * r * 1.2 * e.ratio_x, y + e.between(-0.01, 0.015), r, r * 0.3, wobble=0.15),
                    mix(green, light, e.between(0.0, 0.55)),
                )
            if e.rng.random() < 0.7:
                e.shape(e.ellipse(x, y - 0.015, r * 0.35, r * 0.25, wobble=0.3), mix(spark, 1.0, e.between(0.1, 0.6)))
    elif motif == 1:  # a harbour, the sun just up
        e.image = mix(e.image, mix(shadow, light, 0.55), 0.45)
        for _ in range(16):
            x, tall = e.between(0, 1), e.between(0.03, 0.2)
            e.shape(
                [(x, horizon), (x, horizon - tall), (x + 0.03, horizon - tall), (x + 0.06, horizon)],
                mix(shadow, sky, e.between(0.3, 0.7)),
                soft=0.004,
            )
            e.line([(x, horizon), (x + 0.004, horizon - tall * 1.6)], shadow, 0.004, alpha=0.6)
        sun_x = e.between(0.25, 0.8)
        e.shape(e.ellipse(sun_x, horizon - 0.17, 0.04, 0.04), spark)
        reflect(e, horizon, water, 0.35, 0.05)
        for k in range(22):
            y = horizon + 0.03 + k * 0.018
            e.line(
                [(sun_x - e.between(0.005, 0.035), y), (sun_x + e.between(0.005, 0.035), y)], spark, 0.008, alpha=0.85
            )
        for k in range(3):
            size = 0.06 + 0.05 * k
            x, y = e.between(0.15, 0.85), horizon + 0.09 + 0.13 * k
            e.shape(
                np.array([(-1, -0.1), (1.1, -0.14), (0.8, 0.12), (-0.8, 0.12)]) * (size * e.ratio_x, size * e.ratio_y)
                + (x, y),
                shadow * 0.6,
            )
            person(e, x, y, size * 1.1, shadow * 0.5, shadow * 0.8, shadow * 0.5)
    elif motif == 2:  # a bridge between banks
        for x in np.linspace(0, 1, 9):
            foliage(e, x, horizon - 0.05, 0.16, e.between(0.12, 0.34), shadow, mix(green, light, 0.35), leaf)
        spans = e.pick((2, 3))
        e.shape(
            [
                (-0.1, horizon + 0.02),
                (-0.1, horizon - 0.14),
                (0.5, horizon - 0.19),
                (1.1, horizon - 0.14),
                (1.1, horizon + 0.02),
            ],
            mix(mix(light, spark, 0.25), shadow, 0.3),
        )
        for k in range(spans):
            x = (k + 0.5) / spans
            arch = e.ellipse(x, horizon + 0.03, 0.38 / spans / e.ratio_x, 0.13 / e.ratio_y)
            e.shape(arch, mix(shadow, water, 0.4))
        reflect(e, horizon, water, 0.3, 0.06)
    else:  # poplars along a river, or sails
        for k in range(14):
            x = (k + e.between(0.1, 0.9)) / 14
            spire(
                e,
                x,
                horizon + 0.01,
                e.between(0.3, 0.62) * hand.scale,
                e.between(0.09, 0.15),
                mix(shadow, green, 0.6),
                mix(green, light, 0.5),
            )
        e.fill(mix(green, light, 0.3), e.below(horizon - 0.03) * (1 - e.below(horizon)))
        house(e, e.between(0.1, 0.8), horizon, 0.16, 0.16, mix(light, 1.0, 0.4), spark)
        reflect(e, horizon, water, 0.22, 0.05)
        for _ in range(3):
            sailboat(
                e,
                e.between(0.1, 0.9),
                horizon + e.between(0.06, 0.28),
                e.between(0.2, 0.36),
                shadow,
                mix(light, 1.0, 0.6),
                mix(light, shadow, 0.3),
            )
    wet = e.below(horizon, 0.02)
    angle = blend_angles(shape_angle(e.image, 0.02 * e.short), (e.noise(8, 2, (3, 1)) - 0.5) * 0.5, 0.35 + 0.6 * wet)
    reference = _livelier(e.image, hand.contrast)
    paint = Paint(e, mix(reference, mix(light, shadow, 0.3), 0.25))
    s = hand.stroke
    paint.strokes(reference, angle, count=5200, length=0.06 * s, width=0.021 * s, jitter=0.06, bend=2)
    paint.strokes(reference, angle, count=8200, length=0.034 * s, width=0.011 * s, jitter=0.075, bend=2)
    detail = np.clip(np.abs(reference - blurred(reference, 0.015 * e.short)).sum(2) * 4, 0, 1)
    paint.strokes(reference, angle, count=9000, length=0.018, width=0.0065, jitter=0.05, where=detail, bend=2)
    paint.strokes(
        mix(reference, mix(light, 1.0, 0.35), 0.6),
        angle,
        count=900,
        length=0.03 * s,
        width=0.007 * s,
        jitter=0.05,
        bend=2,
        where=np.clip(e.noise(5, 2) * 1.6 - 0.4, 0, 1),
    )
    return weave(e, paint.dry(angle, bristle=0.3, relief=0.5), 0.03)


def stippled_shore(e: Easel, hand: Hand, motif: int) -> Image:
    """Dots of unmixed colour. Colours: sky, glow, sea, sand or lawn, shadow, accent."""
    sky, glow, sea, sand, shadow, accent = hand.colours
    horizon = hand.horizon + e.between(-0.04, 0.04)
    leaf = e.noise(30, 3)
    e.image = e.gradient([(0, sky), (horizon, glow), (1, glow)])
    clouds(e, mix(glow, 1.0, 0.5), mix(sky, accent, 0.15), horizon, 0.3)
    e.fill(e.gradient([(0, sea), (horizon, mix(sea, glow, 0.35)), (1, sea * 0.8)]), e.below(horizon))
    green = mix(sea, sand, 0.5) * (0.55, 0.95, 0.5)
    slope = e.pick((-1, 1)) * e.between(0.25, 0.5)
    shore = (hand.horizon + 0.28 + slope * (e.x[0] - 0.5) + 0.04 * np.sin(e.x[0] * 9)).astype(np.float32)
    if motif == 0:  # a beach with parasols
        e.fill(mix(glow, 1.0, 0.3), e.below(shore - 0.012))
        e.fill(mix(sand, shadow, (leaf * 0.25)[..., None]), e.below(shore))
        for _ in range(4):
            sailboat(
                e,
                e.between(0.05, 0.95),
                horizon + e.between(0.01, 0.07),
                e.between(0.07, 0.17),
                shadow,
                mix(glow, 1.0, 0.7),
                sky,
            )
        for y in sorted(e.rng.uniform(0.72, 0.98, 8)):
            x, tall = e.between(0.05, 0.95), 0.1 + 0.42 * (y - 0.55) * hand.scale
            e.shape(
                e.ellipse(x + 0.5 * tall * e.ratio_x, y, 0.5 * tall, 0.06 * tall), mix(sand, shadow, 0.65), soft=0.006
            )
            person(
                e, x, y, tall, e.pick((shadow, accent, sea * 0.6, mix(glow, 1.0, 0.6))), mix(sand, accent, 0.3), shadow
            )
            if e.rng.random() < 0.6:
                parasol(
                    e,
                    x + 0.1 * tall * e.ratio_x,
                    y - 0.55 * tall * e.ratio_y,
                    0.62 * tall,
                    mix(accent, 1.0, 0.25),
                    accent * 0.7,
                )
    elif motif == 1:  # cliffs and sails
        side = e.pick((0, 1))
        edge = np.abs(e.x[0] - side)
        cliff = horizon + 0.1 - np.clip(0.6 - edge, 0, 1) ** 0.6 * 0.55 * hand.scale + 0.03 * np.sin(edge * 40)
        e.fill(
            mix(mix(glow, 1.0, 0.5), mix(sand, shadow, 0.4), e.noise(16, 3, (0.3, 3))[..., None]),
            e.below(cliff) * (1 - e.below(horizon + 0.12)) * (edge < 0.6),
        )
        e.fill(green, e.below(cliff) * (1 - e.below(cliff + 0.05)) * (edge < 0.6))
        for k in range(6):
            y = horizon + 0.03 + 0.065 * k
            sailboat(
                e,
                0.5 + (0.5 - side) * e.between(-0.4, 0.85),
                y,
                0.1 + 0.055 * k,
                shadow,
                mix(accent, glow, e.between(0.2, 1.0)),
                mix(shadow, accent, 0.4),
            )
    elif motif == 2:  # a promenade under trees
        e.fill(mix(green, glow, 0.3), e.below(horizon + 0.06))
        path = [(0.3, 1.05), (0.95, 1.05), (0.62, horizon + 0.07), (0.58, horizon + 0.07)]
        e.shape(path, mix(sand, glow, 0.4))
        for k in range(7):
            y = horizon + 0.08 + 0.06 * k
            x = e.between(0.0, 0.3) if k % 2 else e.between(0.8, 1.0)
            e.shape(e.ellipse(0.5, y + 0.03, 0.5, 0.012), mix(green, shadow, 0.7), soft=0.01, alpha=0.6)
            tree(e, x, y, 0.3 + 0.09 * k, shadow, mix(green, glow, 0.45), leaf)
        for y in sorted(e.rng.uniform(horizon + 0.2, 0.95, 6)):
            tall = 0.06 + 0.6 * (y - horizon) * 0.6 * hand.scale
            x = 0.6 + e.between(-0.25, 0.25) * (y - horizon) * 2
            person(e, x, y, tall, e.pick((accent, shadow, sea)), mix(sand, accent, 0.3), e.pick((shadow, accent)))
            parasol(e, x + 0.1 * tall * e.ratio_x, y - 0.5 * tall * e.ratio_y, 0.6 * tall, accent, accent * 0.6)
    else:  # a jetty and a light
        x = e.between(0.25, 0.75)
        e.shape(
            [
                (x - 0.5, horizon + 0.06),
                (x + 0.07, horizon + 0.02),
                (x + 0.09, horizon + 0.06),
                (x - 0.5, horizon + 0.16),
            ],
            mix(sand, shadow, 0.45),
        )
        lofty = 0.62 * hand.scale
        tower = np.array([(-0.05, 0), (0.05, 0), (0.034, -0.5), (-0.034, -0.5)]) * (e.ratio_x, e.ratio_y * lofty)
        e.shape(tower + np.array([x, horizon + 0.04]), mix(glow, 1.0, 0.6))
        for k in (0.12, 0.3):
            e.shape(
                np.array([(-0.047, -k), (0.047, -k), (0.042, -k - 0.09), (-0.042, -k - 0.09)])
                * (e.ratio_x, e.ratio_y * lofty)
                + (x, horizon + 0.04),
                accent,
            )
        e.shape(e.ellipse(x, horizon + 0.04 - 0.53 * e.ratio_y * lofty, 0.05, 0.045), shadow)
        lamp = e.glow(x, horizon - 0.53 * e.ratio_y * lofty, 0.22, 1.0)[..., None] * mix(accent, 1.0, 0.4) * 0.6
        e.image = 1 - (1 - np.clip(e.image, 0, 1)) * (1 - lamp)
        e.fill(mix(glow, accent, 0.3), e.glow(x, 0.8, 0.2) * (e.noise(40, 2, (6, 0.6)) > 0.55) * 0.7)
        e.fill(mix(sand, shadow, (0.3 + leaf * 0.4)[..., None]), e.below(shore + 0.14))
        for _ in range(3):
            sailboat(
                e,
                e.between(0.05, 0.95),
                horizon + e.between(0.1, 0.25),
                e.between(0.16, 0.26),
                shadow,
                mix(glow, accent, 0.3),
                shadow * 0.8,
            )
    reference = _livelier(e.image, hand.contrast)
    grey = reference.mean(axis=2, keepdims=True)
    paint = Paint(e, mix(reference, mix(glow, 1.0, 0.4), 0.55))
    r = 0.0046 * hand.stroke
    sparks = np.stack([accent, sea, shadow, mix(sky, 1.0, 0.2), rgb("f2a33a")])
    paint.dots(reference, count=9000, radius=r * 1.35, jitter=0.05, spark=0.12, sparks=sparks)
    paint.dots(
        np.clip(grey + (reference - grey) * 1.35, 0, 1),
        count=int(19000 / hand.stroke),
        radius=r,
        jitter=0.06,
        spark=0.22,
        sparks=sparks,
    )
    return weave(e, paint.dry(0 * e.x, bristle=0.05, relief=0.22, ragged=0.0002), 0.02)


def whorl(e: Easel, hand: Hand, motif: int) -> Image:
    """Everything turns: thick strokes round centres of unrest. Colours: night, blue, light, earth, ink, flare."""
    night, blue, light, earth, ink, flare = hand.colours
    horizon = hand.horizon + e.between(-0.06, 0.06)
    swirl, centres = _vortices(e, int(5 * hand.scale) + 1, horizon if motif != 4 else 1.0)
    bands = 0.5 + 0.5 * np.sin(swirl * 7 + e.noise(5, 3) * 9)
    e.image = e.gradient([(0, night), (0.45, mix(night, blue, 0.7)), (0.8, blue), (1, mix(blue, light, 0.75))],
                         np.clip(bands * 0.75 + 0.3 * e.y / horizon, 0, 1))  # fmt: skip
    angle = _turning(e, centres)
    if motif == 0:  # stars over a village
        for cx, cy, r in centres:
            e.fill(mix(light, flare, 0.4), e.glow(cx, cy, r * 0.8, 1.3) * 0.95)
            e.shape(e.ellipse(cx, cy, r * 0.3, r * 0.3), mix(light, 1.0, 0.4), soft=0.01)
        _hills(e, horizon, night, blue, earth)
        for x in np.sort(e.rng.uniform(0.05, 0.9, 9)):
            house(
                e,
                x,
                horizon + e.between(0.17, 0.28),
                0.1,
                0.12,
                mix(earth, light, e.between(0.2, 0.6)),
                mix(night, flare, 0.35),
            )
    elif motif == 1:  # wheat and crows
        depth = np.clip((e.y - horizon) / (1 - horizon), 0, 1)
        field = mix(mix(earth, light, 0.3), mix(flare, earth, 0.4), e.noise(12, 3, (0.5, 3))[..., None])
        e.fill(mix(field, ink, (0.35 * depth * e.noise(7, 3))[..., None]), e.below(horizon + 0.02 * np.sin(e.x * 8)))
        track = curve([(0.5, horizon + 0.01), (e.between(0.35, 0.65), 0.75), (e.between(0.1, 0.9), 1.1)])
        e.shape(e.ribbon(track, np.linspace(0.01, 0.26, len(track))), mix(earth, night, 0.45) * (0.9, 1.1, 0.7))
        for _ in range(22):
            x, y, s = e.between(0.03, 0.97), e.between(0.06, horizon + 0.1), e.between(0.025, 0.06)
            wing = curve(
                [(x - s * e.ratio_x, y - 0.5 * s * e.ratio_y), (x, y), (x + s * e.ratio_x, y - 0.6 * s * e.ratio_y)]
            )
            e.shape(e.ribbon(wing, np.sin(np.linspace(0.2, 3, len(wing))) * 0.4 * s), ink)
        angle = blend_angles(angle, np.pi / 2 + (e.noise(6, 2) - 0.5) * 1.2, e.below(horizon, 0.02))
    elif motif == 2:  # cypresses under a great sun
        x, y = e.between(0.25, 0.75), horizon * e.between(0.35, 0.6)
        for ring in (0.34, 0.24, 0.15):
            e.fill(mix(light, flare, ring * 2.2), e.mask(e.ellipse(x, y, ring, ring, n=60), 0.015) * 0.75)
        e.shape(e.ellipse(x, y, 0.085, 0.085), mix(flare, light, 0.3))
        centres = [(x, y, 0.5), *centres[:2]]
        angle = _turning(e, centres)
        _hills(e, horizon, night, blue, earth)
        for k in range(4):
            sx = e.pick((e.between(0.02, 0.3), e.between(0.7, 0.98)))
            spire(
                e,
                sx,
                1.02 - 0.03 * k,
                e.between(0.55, 0.95),
                e.between(0.16, 0.26),
                mix(ink, earth, 0.2),
                mix(earth, blue, 0.35) * 0.8,
            )
    else:  # a head before its own weather
        x, y, r = 0.5 + e.between(-0.06, 0.06), 0.43, 0.2 * hand.scale
        coat = curve(
            [
                (x - 0.3 * r, y + 1.1 * r),
                (x + 0.3 * r, y + 1.1 * r),
                (x + 2.4 * r * e.ratio_x, 0.86),
                (x + 2.9 * r * e.ratio_x, 1.2),
                (x - 2.9 * r * e.ratio_x, 1.2),
                (x - 2.4 * r * e.ratio_x, 0.86),
            ],
            closed=True,
        )
        e.shape(e.ellipse(x, y + 1.3 * r * e.ratio_y, 0.45 * r, 0.8 * r), mix(earth, light, 0.3))
        e.shape(coat, mix(night, earth, 0.3))
        e.shape(e.ellipse(x, y - 0.25 * r * e.ratio_y, 1.22 * r, 1.42 * r, wobble=0.12), mix(flare, earth, 0.5))
        face(e, x, y - 0.04, r, mix(light, flare, 0.25), mix(earth, blue, 0.35), ink, e.between(-1, 1))
        half, chin = r * e.ratio_x, r * e.ratio_y
        beard = [(x - 0.85 * half, y + 0.3 * chin), (x, y + 1.0 * chin), (x + 0.85 * half, y + 0.3 * chin),
                 (x + 0.7 * half, y + 1.25 * chin), (x, y + 1.6 * chin), (x - 0.7 * half, y + 1.25 * chin)]  # fmt: skip
        e.shape(curve(beard, closed=True), mix(flare, ink, 0.3), soft=0.008, alpha=0.9)
        centres = [(x, y, 0.4), *centres]
        head = np.maximum(e.mask(coat, 0.02), e.mask(e.ellipse(x, y, 1.15 * r, 1.6 * r), 0.02))
        angle = blend_angles(_turning(e, centres), shape_angle(e.image, 0.02 * e.short), head)
    reference = _livelier(e.image, hand.contrast)
    local = shape_angle(reference, 0.025 * e.short)
    angle = blend_angles(angle, local, 0.3 + 0.35 * e.below(horizon, 0.03) * (motif in (0, 2)))
    paint = Paint(e, mix(reference, night, 0.4))
    s = hand.stroke
    paint.strokes(reference, angle, count=3000, length=0.13 * s, width=0.02 * s, jitter=0.07, bend=6)
    paint.strokes(reference, angle, count=6500, length=0.075 * s, width=0.0105 * s, jitter=0.095, bend=5)
    detail = np.clip(np.abs(reference - blurred(reference, 0.012 * e.short)).sum(2) * 7, 0, 1)
    paint.strokes(
        reference, angle, count=12000, length=0.024 * s**0.5, width=0.005 * s**0.5, jitter=0.05, where=detail, bend=3
    )
    return weave(e, paint.dry(angle, bristle=0.34, relief=0.75, ragged=0.0015), 0.02)


def _vortices(e: Easel, count: int, low: float) -> tuple[Field, list[tuple[float, float, float]]]:
    """Whirl centres (x, y, radius in units) and a field whose level lines wind round them."""
    centres: list[tuple[float, float, float]] = []
    for _ in range(count * 12):
        x, y, r = e.between(0.03, 0.97), e.between(0.06, low * 0.85), e.between(0.07, 0.2)
        apart = [np.hypot((x - a) / e.ratio_x, (y - b) / e.ratio_y) > (r + c) * 1.05 for a, b, c in centres]
        if all(apart) and len(centres) < count:
            centres.append((x, y, r))
    field = e.y / e.ratio_y * 0.8 + (e.noise(3, 3) - 0.5) * 1.2
    for x, y, r in centres:
        distance = np.hypot((e.x - x) / e.ratio_x, (e.y - y) / e.ratio_y)
        turn = np.arctan2(e.y - y, e.x - x)
        near = np.exp(-((distance / (1.6 * r)) ** 2))
        field = mix(field, distance / r + turn / (2 * np.pi), near)
    return field.astype(np.float32), centres


def _turning(e: Easel, centres: list[tuple[float, float, float]]) -> Field:
    """Stroke directions: waves across the canvas that close into circles near each centre."""
    dx = np.ones_like(e.x)
    dy = 0.55 * np.sin(e.x * 6.5 + e.noise(3, 2) * 5) * np.ones_like(e.x)
    for x, y, r in centres:
        u, v = (e.x - x) / e.ratio_x, (e.y - y) / e.ratio_y
        near = 3.5 * np.exp(-(u * u + v * v) / (2 * r) ** 2) / (np.hypot(u, v) + 0.02)
        dx += -v * near
        dy += u * near
    return np.arctan2(dy, dx).astype(np.float32)


def _hills(e: Easel, horizon: float, night: Any, blue: Any, earth: Any) -> None:
    for k in range(3):
        line = e.skyline(horizon + 0.1 + 0.13 * k, 0.2, 2 + k, 3)
        e.fill(
            mix(mix(night, blue, 0.6), earth, 0.25 + 0.3 * k) * (0.75 + 0.5 * e.noise(9, 3))[..., None],
            e.below(line, 0.005),
        )


def _brushed(e: Easel, hand: Hand, share: float, *, coarse: float, fine: float, jitter: float) -> Image:
    """The composition seen through two layers of quiet strokes."""
    angle = shape_angle(e.image, 0.015 * e.short)
    paint = Paint(e, e.image)
    s = hand.stroke
    paint.strokes(e.image, angle, count=4500, length=0.05 * s, width=coarse * s, jitter=jitter)
    detail = np.clip(np.abs(e.image - blurred(e.image, 0.012 * e.short)).sum(2) * 9, 0.25, 1)
    paint.strokes(
        e.image, angle, count=14000, length=0.016 * s, width=fine * s, jitter=jitter * 1.3, where=detail, bend=2
    )
    return _livelier(mix(e.image, paint.dry(angle, bristle=0.05, relief=0.05, ragged=0.0004), share), hand.contrast)


def _livelier(image: Image, contrast: float) -> Image:
    return np.clip((image - 0.5) * contrast + 0.5, 0, 1)
