/** MTA-STS as mailauth reads it; its own fetching and caching is not used, see the README. */
declare module 'mailauth/lib/mta-sts.js' {
  type Strictly = { readonly strict: true }
  type PolicyText = {
    readonly mode: 'enforce' | 'testing' | 'none'
    readonly mx?: readonly string[]
    /** Seconds. */
    readonly maxAge: number
  }
  const mtaSts: {
    /** The id of the policy, false where no usable record is published. Throws what `resolver` throws, and for several records. */
    readonly resolvePolicy: (
      domain: string,
      options: Strictly & {
        readonly resolver: (name: string, type: 'TXT') => Promise<readonly unknown[]>
      },
    ) => Promise<string | false>
    /** Throws where the text is no policy. */
    readonly parsePolicy: (text: string, options: Strictly) => PolicyText
    /** Whether a policy with these patterns names the host. */
    readonly validateMx: (
      host: string,
      policy: { readonly mode: 'enforce' | 'testing'; readonly mx: readonly string[] },
    ) => { readonly valid: boolean }
  }
  export default mtaSts
}
