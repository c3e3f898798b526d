/** `ceralacca message bundle`: the evidence of one message in one file. */
import { rm, writeFile } from 'node:fs/promises'
import { clientError, hasCode } from '../base/errors.ts'
import { createLog } from '../base/log.ts'
import { bundleOutput } from './bundle-output.ts'
import { choiceOf, type Command } from './command.ts'
import { withInstallation } from './connect.ts'

export const messageBundle: Command = {
  words: ['message', 'bundle'],
  summary: 'Make the evidence bundle of a message: one file that proves what happened to it, for a holder to keep.',
  operands: ['ID'],
  options: {
    out: { type: 'string', value: 'FILE.zip', help: 'where it goes; a file that is there is not overwritten' },
    mailbox: {
      type: 'string',
      value: 'ADDRESS',
      help: "whose copy: the sender's, or that of a recipient here. Default: the sender's, if he is here",
    },
    language: { type: 'string', value: 'it|en', help: 'of the summary for people; default: it' },
  },
  details:
    'ID is the certified identifier (with or without angle brackets), or the Message-ID that the sender gave (with them).\n' +
    "The bundle has the content of that mailbox's copy alone: it is for its holder, or whom he gives it to. What the ledger has not stamped yet is\n" +
    'told as not proved: "ceralacca ledger stamp" stamps at once. Exit code 1 if what was written does not verify. docs/guides/evidence-bundle.md',
  run: ({ config, operands: [id = ''], options }) => {
    const { out, mailbox } = options
    if (typeof out !== 'string' || out === '') throw clientError('usage', 'say where it goes with --out FILE.zip')
    const language = choiceOf(options, 'language', ['it', 'en']) ?? 'it'
    const request = { id, mailbox: typeof mailbox === 'string' ? mailbox : null, language }
    return withInstallation(config, async (installation) => {
      // What writes PDF is large, and nothing else needs it.
      const { openBundleMaker } = await import('../wiring/bundle-parts.ts')
      const { make, close } = await openBundleMaker(config, installation, createLog(config.values.CERALACCA_LOG_LEVEL))
      try {
        const { zip, report } = await make(request)
        await writeNew(out, zip)
        return bundleOutput(report, out, 'en')
      } finally {
        await close()
      }
    })
  },
}

/** A file that only its owner reads; a half-written one is removed. @throws `file-exists` */
async function writeNew(path: string, bytes: Buffer): Promise<void> {
  try {
    await writeFile(path, bytes, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if (hasCode(error, 'EEXIST')) throw clientError('file-exists', `${path} exists already, and is not overwritten`)
    await rm(path, { force: true })
    throw error
  }
}
