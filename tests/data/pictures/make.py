#!/usr/bin/env python3
"""Makes the picture files of this folder and expected.txt: what each decodes to under a pixel rule,
computed by Pillow and plain Python (file, rule, width, height, RGB bytes in hex; tab-separated).
Run with Pillow 9 or later: make.py
"""

import io
import pathlib
import struct
import zlib

from PIL import Image, ImageOps

FOLDER = pathlib.Path(__file__).resolve().parent
WIDTH, HEIGHT = 5, 3
lines = []


def expect(name, rule, image):
    lines.append("\t".join((name, rule, str(image.width), str(image.height), image.tobytes().hex())))


def on_white(rgba):
    out = Image.new("RGB", rgba.size)
    out.putdata([tuple((c * p[3] + 255 * (255 - p[3]) + 127) // 255 for c in p[:3]) for p in rgba.getdata()])
    return out


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(bits, colour_type, samples_per_pixel, values, extra=b""):
    """A PNG of WIDTH x HEIGHT from a flat list of samples."""
    row = WIDTH * samples_per_pixel
    code = ">%dH" % row if bits == 16 else "%dB" % row
    raw = b"".join(b"\0" + struct.pack(code, *values[y * row:(y + 1) * row]) for y in range(HEIGHT))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, bits, colour_type, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(raw)) +
            chunk(b"IEND", b""))


def save(name, data):
    (FOLDER / name).write_bytes(data)


colours = [(40 * x + 7, 80 * y + 3, 11 * (x + 5 * y)) for y in range(HEIGHT) for x in range(WIDTH)]
base = Image.new("RGB", (WIDTH, HEIGHT))
base.putdata(colours)

for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    name = "exif%d.png" % orientation
    base.save(FOLDER / name, exif=exif)
    expect(name, "mxnet", base)
    expect(name, "modern", ImageOps.exif_transpose(Image.open(FOLDER / name)).convert("RGB"))

alphas = [(17 * i) % 256 for i in range(WIDTH * HEIGHT)]
rgba = base.copy()
rgba.putalpha(255)
rgba.putdata([c + (a,) for c, a in zip(colours, alphas)])
rgba.save(FOLDER / "alpha.png")
expect("alpha.png", "mxnet", base)
expect("alpha.png", "modern", on_white(rgba))

# A transparent colour (tRNS) makes its pixels white under the modern rule.
save("trns.png", png(8, 2, 3, [v for c in colours for v in c], chunk(b"tRNS", struct.pack(">3H", *colours[4]))))
expect("trns.png", "mxnet", base)
white = base.copy()
white.putpixel((4, 0), (255, 255, 255))
expect("trns.png", "modern", white)

deep = [(v * 9173 + 4321) % 65536 for v in range(WIDTH * HEIGHT * 4)]
save("deep_rgba.png", png(16, 6, 4, deep))
pixels = [deep[i:i + 4] for i in range(0, len(deep), 4)]
high, rounded = Image.new("RGB", (WIDTH, HEIGHT)), Image.new("RGBA", (WIDTH, HEIGHT))
high.putdata([tuple(v >> 8 for v in p[:3]) for p in pixels])
rounded.putdata([tuple(int(v * 255 / 65535 + 0.5) for v in p) for p in pixels])
expect("deep_rgba.png", "mxnet", high)
expect("deep_rgba.png", "modern", on_white(rounded))

save("deep_gray.png", png(16, 0, 1, deep[:WIDTH * HEIGHT]))
for rule, grey in (("mxnet", [v >> 8 for v in deep]), ("modern", [int(v * 255 / 65535 + 0.5) for v in deep])):
    image = Image.new("RGB", (WIDTH, HEIGHT))
    image.putdata([(v, v, v) for v in grey[:WIDTH * HEIGHT]])
    expect("deep_gray.png", rule, image)

exif = Image.Exif()
exif[0x0112] = 6
base.save(FOLDER / "lossless.webp", lossless=True, exif=exif)
expect("lossless.webp", "mxnet", base)
expect("lossless.webp", "modern", base.transpose(Image.ROTATE_270))
rgba.save(FOLDER / "alpha.webp", lossless=True, exact=True)
expect("alpha.webp", "mxnet", base)
expect("alpha.webp", "modern", on_white(rgba))
photo = Image.new("RGB", (24, 17))
photo.putdata([((9 * x + 5 * y) % 256, (3 * x * y) % 256, 255 - 10 * x) for y in range(17) for x in range(24)])
photo.save(FOLDER / "lossy.webp", quality=70)
expect("lossy.webp", "mxnet", Image.open(FOLDER / "lossy.webp").convert("RGB"))
base.save(FOLDER / "animated.webp", save_all=True, append_images=[rgba.convert("RGB").rotate(180)], lossless=True)

# Inks: as Pillow writes them (with Adobe's marker, so inverted), and the same without the marker.
inks = Image.new("CMYK", (16, 8))
inks.putdata([(15 * x, 30 * y, 200 - 12 * x, 5 * (x + y)) for y in range(8) for x in range(16)])
stream = io.BytesIO()
inks.save(stream, "JPEG", quality=100, subsampling=0)
marked = stream.getvalue()
at = marked.index(b"\xff\xee")
length = struct.unpack(">H", marked[at + 2:at + 4])[0]
save("cmyk_adobe.jpg", marked)
save("cmyk_plain.jpg", marked[:at] + marked[at + 2 + length:])

(FOLDER / "expected.txt").write_text("\n".join(lines) + "\n")
