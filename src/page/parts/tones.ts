/** Families of colours, from `style/variables.css`. */
export type Tone = 'good' | 'bad' | 'busy' | 'warn' | 'quiet'
