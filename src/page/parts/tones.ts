/** The families of colours; `style/variables.css` has them. */
export type Tone = 'good' | 'bad' | 'busy' | 'warn' | 'quiet'
