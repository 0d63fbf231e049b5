#!/usr/bin/env python3
"""usage: make_images.py DIRECTORY: writes one picture, a sun over the sea, as PNM, BMP and QOI files of several kinds."""
import pathlib
import struct
import sys

WIDTH, HEIGHT = 160, 100


def picture(x, y):
    if (x - 110) ** 2 + (y - 30) ** 2 < 300:
        return (255, 220, 60)
    if y < 60:
        return (60 + y, 120 + y, 250 - y)
    shine = 40 if abs(x - 110) < 6 + (y - 60) // 4 and y % 4 < 2 else 0
    return (10 + shine * 4, 60 + shine * 3 - (y - 60) // 2, 140 - (y - 60))


PIXELS = [[picture(x, y) for x in range(WIDTH)] for y in range(HEIGHT)]


def grey(pixel):
    return (pixel[0] * 3 + pixel[1] * 6 + pixel[2]) // 10


def pnm_text():
    rows = (" ".join(str(grey(pixel)) for pixel in row) for row in PIXELS)
    return (f"P2\n# as text\n{WIDTH} {HEIGHT}\n255\n" + "\n".join(rows) + "\n").encode()


def pnm():
    return f"P6 {WIDTH} {HEIGHT} 255\n".encode() + bytes(value for row in PIXELS for pixel in row for value in pixel)


def bmp(bits, top_down):
    palette = b"".join(bytes([level, level, level, 0]) for level in range(256)) if bits == 8 else b""
    rows = []
    for row in PIXELS if top_down else reversed(PIXELS):
        data = b"".join(bytes([grey(p)]) if bits == 8 else bytes([p[2], p[1], p[0]]) + b"\0" * (bits == 32) for p in row)
        rows.append(data + b"\0" * (-len(data) % 4))
    body, start = b"".join(rows), 54 + len(palette)
    return (struct.pack("<2sIHHI", b"BM", start + len(body), 0, 0, start)
            + struct.pack("<IiiHHIIiiII", 40, WIDTH, -HEIGHT if top_down else HEIGHT, 1, bits, 0, len(body), 2835, 2835, 0, 0)
            + palette + body)


def qoi_pixel(pixel, before, cache):
    """The bytes for a pixel that is not the one before."""
    place = (pixel[0] * 3 + pixel[1] * 5 + pixel[2] * 7 + 255 * 11) % 64
    if cache[place] == pixel:
        return bytes([place])
    cache[place] = pixel
    red, green, blue = ((new - old + 128) % 256 - 128 for new, old in zip(pixel, before))
    if all(-2 <= change <= 1 for change in (red, green, blue)):
        return bytes([0x40 | (red + 2) << 4 | (green + 2) << 2 | blue + 2])
    if -32 <= green <= 31 and -8 <= red - green <= 7 and -8 <= blue - green <= 7:
        return bytes([0x80 | green + 32, (red - green + 8) << 4 | blue - green + 8])
    return bytes([0xFE, *pixel])


def qoi():
    out, cache, before, run = bytearray(struct.pack(">4sIIBB", b"qoif", WIDTH, HEIGHT, 3, 0)), [None] * 64, (0, 0, 0), 0
    for pixel in (pixel for row in PIXELS for pixel in row):
        if pixel == before and run < 62:
            run += 1
            continue
        if run:
            out.append(0xC0 | run - 1)
            run = 0
        out += qoi_pixel(pixel, before, cache) if pixel != before else b""
        run = int(pixel == before)
        before = pixel
    if run:
        out.append(0xC0 | run - 1)
    return bytes(out) + b"\0\0\0\0\0\0\0\1"


def main():
    directory = pathlib.Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    files = {"sea.ppm": pnm(), "sea-grey.pgm": pnm_text(), "sea24.bmp": bmp(24, False), "sea32.bmp": bmp(32, True),
             "sea-grey8.bmp": bmp(8, False), "sea.qoi": qoi()}
    for name, content in files.items():
        (directory / name).write_bytes(content)
    (directory / "cut.qoi").write_bytes(files["sea.qoi"][:200])


if __name__ == "__main__":
    main()
