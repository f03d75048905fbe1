/** Text of strangers, which stays within itself: nothing around it is shown in another order than it stands. */

/** Without what turns the order of text (Unicode Standard Annex #9 §2), and controls. */
export const plainly = (text: string): string => text.replace(/[\p{Bidi_Control}\p{Cc}]+/gu, '')

/** Each goes in the direction of its own letters. */
export const Foreign = ({ text }: { readonly text: string }) => <bdi>{plainly(text)}</bdi>
