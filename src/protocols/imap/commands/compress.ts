import type { Arguments } from '../arguments.ts'
import { bad, ok, userCommand } from '../command.ts'
import type { Reply } from '../command.ts'
import { syntaxError } from '../errors.ts'

function parseCompress(args: Arguments): undefined {
  args.space()
  if (args.word() !== 'DEFLATE') throw syntaxError('Unknown mechanism')
}

/** RFC 4978 3: all that follows the reply is compressed, in both directions. */
export const compress = userCommand('COMPRESS', parseCompress, (session): Reply => {
  if (session.compressed) return { ...bad('Compression is on already'), code: 'COMPRESSIONACTIVE' }
  return { ...ok('Compression begins'), after: async () => session.startCompression() }
})
