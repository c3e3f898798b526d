/**
 * The addresses that are proposed to a member: the agreement's rule says what stands before the "@", such as `name.surname`. What is not
 * free is followed by variants of it. Pure.
 */
import { clientError } from '../../base/errors.ts'
import type { PersonName } from '../people/names.ts'
import { lettersOf, wordsOf } from '../people/letters.ts'

/** `name` the first given name, `names` all of them, `n` the initial; `surname`. Between them a dot, a hyphen, an underscore or nothing. */
const PARTS = ['names', 'name', 'surname', 'n'] as const
const RULE = /^(names|name|surname|n)([._-]?(names|name|surname|n))*$/
const PART = /names|surname|name|n/g
const LONGEST = 64
const NUMBERED = 20

/** @throws `bad-agreement` */
export function checkRule(rule: string): void {
  if (!RULE.test(rule) || !rule.includes('surname'))
    throw clientError(
      'bad-agreement',
      `"${rule}" is no rule for addresses: put together ${PARTS.join(', ')}, such as name.surname`,
    )
}

function apply(rule: string, { surname, givenName }: PersonName): string {
  const words = wordsOf(givenName)
  const parts: Record<string, string> = {
    names: words.join(''),
    name: words[0] ?? '',
    n: (words[0] ?? '').slice(0, 1),
    surname: lettersOf(surname),
  }
  return rule
    .replace(PART, (part) => parts[part] ?? '')
    .toLowerCase()
    .slice(0, LONGEST - 4)
    .replace(/[._-]+$/, '')
}

/** Addresses for a person by the rule, the one that it means first, then others in case it is not free. At most some 20; none is twice. */
export function proposals(rule: string, domain: string, person: PersonName): string[] {
  const first = apply(rule, person)
  const others = ['names.surname', 'surname.name', 'n.surname'].map((one) => apply(one, person))
  const numbered = Array.from({ length: NUMBERED - 1 }, (_, index) => `${first}${index + 2}`)
  return [...new Set([first, ...others, ...numbered])].map((local) => `${local}@${domain}`)
}
