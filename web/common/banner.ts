/** What came of it, in one line with a sign before it; the focus can be moved there (`#verdict`). */
import { element } from './elements.ts'

type Look = 'good' | 'conditional' | 'bad' | 'none'

/** The shapes differ too: colour alone tells nothing to many. */
const SIGNS: Readonly<Record<Look, string>> = { good: '✓', conditional: '!', bad: '✕', none: '?' }

export function banner(look: Look, verdict: string, ...paragraphs: readonly string[]): HTMLElement {
  const heading = element('h2', { id: 'verdict', tabindex: '-1' }, verdict)
  const words = element('div', {}, heading, ...paragraphs.map((text) => element('p', {}, text)))
  return element(
    'div',
    { class: `banner ${look}` },
    element('span', { class: 'sign', 'aria-hidden': 'true' }, SIGNS[look]),
    words,
  )
}
