/** `ceralacca terms`: the texts that members accept. */
import { writeFileSync } from 'node:fs'
import { clientError } from '../base/errors.ts'
import { LANGUAGES, type Language } from '../base/languages.ts'
import { table, textOf, type Command } from './command.ts'
import { withInstallation } from './connect.ts'
import { hostActor } from './host-actor.ts'
import { readInput } from './roll.ts'

/** @throws `usage` */
function languageOf(text: string): Language {
  const language = LANGUAGES.find((one) => one === text)
  if (!language) throw clientError('usage', `"${text}" is not a language: ${LANGUAGES.join(', ')}`)
  return language
}

const termsAdd: Command = {
  words: ['terms', 'add'],
  summary: 'Store a text of the terms, plain (UTF-8) or PDF; it stays as it is. "agreement set --terms" makes a version count.',
  operands: ['VERSION', 'LANGUAGE', 'FILE'],
  options: { from: { type: 'string', value: 'DAY', help: 'the first day on which it may be accepted' } },
  run: ({ config, operands: [version = '', language = '', path = ''], options }) =>
    withInstallation(config, async ({ termsTexts }) => {
      const given = { version, language: languageOf(language), validFrom: textOf(options, 'from') ?? '', bytes: readInput(path) }
      const text = await termsTexts.add(given, hostActor())
      return { text: `The terms ${version} (${language}) are stored: ${text.mediaType}, SHA-256 ${text.sha256}`, json: text }
    }),
}

const termsList: Command = {
  words: ['terms', 'list'],
  summary: 'The texts of the terms that are stored.',
  run: ({ config }) =>
    withInstallation(config, async ({ termsTexts }) => {
      const all = await termsTexts.list()
      const rows = all.map((one) => [one.version, one.language, one.validFrom, one.mediaType, String(one.size), one.sha256])
      return { text: table([['VERSION', 'LANGUAGE', 'FROM', 'TYPE', 'BYTES', 'SHA-256'], ...rows]), json: all }
    }),
}

const termsShow: Command = {
  words: ['terms', 'show'],
  summary: 'A text of the terms, byte for byte, into a file that must not be there yet.',
  operands: ['VERSION', 'LANGUAGE', 'FILE'],
  run: ({ config, operands: [version = '', language = '', path = ''] }) =>
    withInstallation(config, async ({ termsTexts }) => {
      const { text, bytes } = await termsTexts.get(version, languageOf(language))
      writeFileSync(path, bytes, { flag: 'wx' })
      return { text: `${text.mediaType}, SHA-256 ${text.sha256}, in ${path}`, json: text }
    }),
}

export const termsCommands: readonly Command[] = [termsAdd, termsList, termsShow]
