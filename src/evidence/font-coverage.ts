/** Which characters a TrueType font has: the table `cmap` in its two Unicode forms (OpenType 1.9, "cmap", formats 4 and 12). Pure. */

/** Ranges of code points, by their start. */
type Ranges = readonly (readonly [first: number, last: number])[]

const UNICODE = 0
const WINDOWS = 3

function tableAt(font: Buffer, tag: string): number {
  const count = font.readUInt16BE(4)
  for (let entry = 12; entry < 12 + 16 * count; entry += 16) {
    if (font.toString('latin1', entry, entry + 4) === tag) return font.readUInt32BE(entry + 8)
  }
  throw new Error(`the font has no table ${tag}`)
}

/** Segments with gaps of glyph 0 in them, which the font uses as well: each code point is looked up. */
function segments(font: Buffer, at: number): Ranges {
  const doubled = font.readUInt16BE(at + 6)
  const ranges: [number, number][] = []
  for (let index = 0; index < doubled; index += 2) {
    const last = font.readUInt16BE(at + 14 + index)
    const first = font.readUInt16BE(at + 16 + doubled + index)
    const delta = font.readUInt16BE(at + 16 + 2 * doubled + index)
    const offsetAt = at + 16 + 3 * doubled + index
    const offset = font.readUInt16BE(offsetAt)
    for (let code = first; code <= last && code < 0xffff; code++) {
      const glyph = offset === 0 ? code + delta : font.readUInt16BE(offsetAt + offset + 2 * (code - first))
      if ((glyph & 0xffff) !== 0) ranges.push([code, code])
    }
  }
  return ranges
}

function groups(font: Buffer, at: number): Ranges {
  const count = font.readUInt32BE(at + 12)
  return Array.from({ length: count }, (_, index) => {
    const group = at + 16 + 12 * index
    return [font.readUInt32BE(group), font.readUInt32BE(group + 4)] as const
  })
}

/** The code points that a font has a glyph for. @param font the bytes of a TrueType file */
export function coverageOf(font: Buffer): ReadonlySet<number> {
  const cmap = tableAt(font, 'cmap')
  const codePoints = new Set<number>()
  for (let index = 0; index < font.readUInt16BE(cmap + 2); index++) {
    const record = cmap + 4 + 8 * index
    const platform = font.readUInt16BE(record)
    if (platform !== UNICODE && platform !== WINDOWS) continue
    const at = cmap + font.readUInt32BE(record + 4)
    const format = font.readUInt16BE(at)
    const ranges = format === 4 ? segments(font, at) : format === 12 ? groups(font, at) : []
    for (const [first, last] of ranges) for (let code = first; code <= last; code++) codePoints.add(code)
  }
  return codePoints
}
