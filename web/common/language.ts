/** The language of a page: that of the browser, until the switch in the header is pressed. */
export type Language = 'it' | 'en'

type Texts = Readonly<Record<string, string>>

export interface LanguageSwitch {
  readonly current: () => Language
  /** Puts the texts where the page names them (`data-text`, `data-label`). */
  readonly show: () => void
}

/** @param changed called after another language was chosen and its texts shown */
export function createLanguageSwitch(texts: Readonly<Record<Language, Texts>>, changed: () => void): LanguageSwitch {
  let language: Language = navigator.language.startsWith('it') ? 'it' : 'en'

  function show(): void {
    const now = texts[language]
    document.documentElement.lang = language
    for (const one of document.querySelectorAll<HTMLElement>('[data-text]'))
      one.textContent = now[one.dataset['text'] ?? ''] ?? ''
    for (const one of document.querySelectorAll<HTMLElement>('[data-label]'))
      one.ariaLabel = now[one.dataset['label'] ?? ''] ?? ''
    for (const button of document.querySelectorAll<HTMLElement>('[data-language]'))
      button.ariaPressed = String(button.dataset['language'] === language)
  }

  for (const button of document.querySelectorAll<HTMLElement>('[data-language]')) {
    button.addEventListener('click', () => {
      language = button.dataset['language'] === 'it' ? 'it' : 'en'
      show()
      changed()
    })
  }
  return { current: () => language, show }
}
