package bedrock

// rubricVersion names the rubric below; scorings carry it.
const rubricVersion = "q2q-rubric-1"

// rubric is what a person who labels texts follows, and so the model.
const rubric = `# Rubric q2q-rubric-1 (what a labeller follows)

Judge only what the WRITER says about THEMSELVES, at the time of writing. Other people's feelings are not the writer's ("my mentee is brave now" says
nothing about the writer's confidence). Wishes, advice, questions, plans of the organisers, praise of the service ("great session", "very useful, thank you",
"the mentor is nice and prepared") say nothing. Silence is null, never 0.5. Levels: 0, .25, .5, .75, 1 (in between is allowed for whole texts: .1, .6, .9 …).
Direction: gain (better than before), loss (worse than before), state (how it is, no change told). "I was afraid, now I speak" = high, gain. Score = how it
is NOW (after the change). Negation flips ("not confident at all" = low). Hedges pull to the middle ("maybe a bit braver" .6). Sarcasm: judge what is meant.

confidence – belief in one's own ability to do things: speak, ask, apply, decide, try, manage alone, not be afraid of mistakes.
  0 "I will never be able to do this, I am just stupid"; .25 "I am still too shy to speak to anyone"; .5 "Sometimes I dare to ask, sometimes not";
  .75 "I am less afraid of making mistakes when I speak now"; 1 "I can do this on my own now, I know I am good at it".
  Not: skill facts without self-belief ("I learned 20 words"), being confident that the bus comes.
belonging – being part of, accepted by, connected with people, group or place; friends, being welcome; or lonely, excluded, foreign.
  0 "Nobody talks to me, I am completely alone here"; .25 "I still feel like a guest in this town"; .5 "I know some people but no real friends";
  .75 "They welcomed me and I feel more at home"; 1 "This group is my second family".
  Not: "friendly staff" as praise of a service; that the writer met many people as a mere fact, unless a tie is told.
job_readiness – being prepared for work: CV, applications, interviews, network, skills and papers for a job, knowing the labour market, career plan, getting a job.
  0 "I have no idea what work I could do here and no CV"; .25 "I do not understand how to apply, all were rejected"; .5 "My CV is half done, I do not know how interviews go";
  .75 "My CV is finished and I know how to answer in an interview"; 1 "I start on Monday as an electrician" / "I passed the exam and was invited to two interviews".
  Not: a wish for a job alone ("I want to work"), someone else's job, that a CV workshop took place.
well_being – emotional and mental state: happy, calm, hopeful, relieved, proud in general, rested; or sad, anxious, stressed, exhausted, grieving, sleepless, hopeless.
  0 "I cry every night and see no way out"; .25 "I am tired and stressed most days"; .5 "Some days are good, some are heavy"; .75 "I feel calmer and sleep better";
  1 "I have not been this happy for years".
  Not: satisfaction with the service ("good course", "I liked the exercise"), bodily illness alone.
lang_level_proxy – read from the writing itself (vocabulary, grammar, linking), texts of 50 words or more: CEFR A1 .1, A2 .25, B1 .45, B2 .65, C1 .85, C2 or native 1.
One sentence may speak of several dimensions ("I made friends here and I smile again": belonging .75 gain, well_being .75 gain). Do not stretch: label a dimension
only where a careful reader would point at the words. About half of ordinary feedback says nothing at all.`
