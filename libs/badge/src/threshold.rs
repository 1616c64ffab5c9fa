//! The colour a value deserves.

use std::fmt;
use std::str::FromStr;

use contract::{Exit, Explain};

use crate::color::ColorError;
use crate::{Color, number};

/// One step of a scale, written `LIMIT=COLOR`: `80=yellow`, or `failing=red` for messages that are words.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    limit: Limit,
    color: Color,
}

#[derive(Clone, Debug, PartialEq)]
enum Limit {
    Number(f64),
    Text(String),
}

impl Threshold {
    /// Numbers below `limit` have this colour.
    pub const fn number(limit: f64, color: Color) -> Self {
        Self { limit: Limit::Number(limit), color }
    }
}

/// As it is typed.
impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.limit {
            Limit::Number(limit) => write!(f, "{limit}={}", self.color),
            Limit::Text(limit) => write!(f, "{limit}={}", self.color),
        }
    }
}

impl FromStr for Threshold {
    type Err = ThresholdError;

    fn from_str(text: &str) -> Result<Self, ThresholdError> {
        let (limit, color) =
            text.rsplit_once('=').ok_or_else(|| ThresholdError::Syntax { text: text.to_owned() })?;
        let limit = match (number(limit), limit.trim()) {
            (Some(limit), _) => Limit::Number(limit),
            (None, "") => return Err(ThresholdError::Syntax { text: text.to_owned() }),
            (None, limit) => Limit::Text(limit.to_owned()),
        };
        let color =
            color.trim().parse().map_err(|source| ThresholdError::Color { text: text.to_owned(), source })?;
        Ok(Self { limit, color })
    }
}

/// Which numbers a limit's colour is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Comparison {
    /// Numbers below the limit: at 80 the next colour begins.
    #[default]
    Exclusive,
    /// Numbers up to the limit: 80 itself still has its colour.
    Inclusive,
}

/// A scale of colours. A number has the colour of the first limit above it, and beyond the last limit the last colour.
/// A text has the colour of the limit it equals.
#[derive(Clone, Debug, PartialEq)]
pub struct Thresholds {
    /// In ascending order.
    numbers: Vec<(f64, Color)>,
    texts: Vec<(String, Color)>,
    /// Beyond the last number.
    beyond: Option<Color>,
    comparison: Comparison,
}

impl Thresholds {
    /// A scale of these steps, in any order.
    ///
    /// # Errors
    /// When there are none, or two have the same limit.
    pub fn new(steps: &[Threshold], comparison: Comparison) -> Result<Self, ThresholdError> {
        let (mut numbers, mut texts) = (Vec::new(), Vec::<(String, Color)>::new());
        for step in steps {
            match &step.limit {
                Limit::Number(limit) => numbers.push((*limit, step.color)),
                Limit::Text(limit) => texts.push((limit.clone(), step.color)),
            }
        }
        numbers.sort_by(|(left, _), (right, _)| left.total_cmp(right));
        texts.sort_by(|(left, _), (right, _)| left.cmp(right));
        let twice = numbers.windows(2).find(|pair| pair[0].0 == pair[1].0).map(|pair| pair[0].0.to_string());
        let twice = twice
            .or_else(|| texts.windows(2).find(|pair| pair[0].0 == pair[1].0).map(|pair| pair[0].0.clone()));
        if let Some(limit) = twice {
            return Err(ThresholdError::Twice { limit });
        }
        if steps.is_empty() {
            return Err(ThresholdError::Empty);
        }
        let beyond = numbers.last().map(|(_, color)| *color);
        Ok(Self { numbers, texts, beyond, comparison })
    }

    /// Another colour than the last for numbers beyond the last limit.
    #[must_use]
    pub fn beyond(mut self, color: Color) -> Self {
        self.beyond = Some(color);
        self
    }

    /// The colour for what a badge says, as it is typed: a number where [`number`] reads one, else a text.
    ///
    /// # Errors
    /// When it is no number and equals none of the limits, or is a number and there are only texts.
    pub fn color_of(&self, message: &str) -> Result<Color, ThresholdError> {
        let message = message.trim();
        if let Some((_, color)) = self.texts.iter().find(|(text, _)| text == message) {
            return Ok(*color);
        }
        number(message).and_then(|value| self.color_of_number(value)).ok_or_else(|| ThresholdError::NoMatch {
            message: message.to_owned(),
            is_number: number(message).is_some(),
        })
    }

    /// The colour for a number, if there is a limit that is one.
    pub fn color_of_number(&self, value: f64) -> Option<Color> {
        let holds = |limit: f64| match self.comparison {
            Comparison::Exclusive => value < limit,
            Comparison::Inclusive => value <= limit,
        };
        self.numbers.iter().find(|(limit, _)| holds(*limit)).map(|(_, color)| *color).or(self.beyond)
    }
}

/// Why there is no colour for a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ThresholdError {
    /// Not of the form LIMIT=COLOR.
    #[error("'{text}' is no threshold")]
    Syntax {
        /// What was typed.
        text: String,
    },
    /// What stands behind the `=` is no colour.
    #[error("the threshold '{text}' has no colour")]
    Color {
        /// What was typed.
        text: String,
        /// The colour's own error.
        source: ColorError,
    },
    /// Two colours for one limit.
    #[error("two thresholds have the limit {limit}")]
    Twice {
        /// The limit.
        limit: String,
    },
    /// A scale without steps.
    #[error("there is no threshold")]
    Empty,
    /// No threshold is for this message.
    #[error("no threshold is for '{message}', which is {}", if *is_number { "a number" } else { "no number" })]
    NoMatch {
        /// What the badge says.
        message: String,
        /// Whether it is a number.
        is_number: bool,
    },
}

impl Explain for ThresholdError {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Syntax { .. } | Self::Empty => {
                "write LIMIT=COLOR, as in 80=yellow for numbers below 80, or failing=red for the word"
                    .to_owned()
            }
            Self::Color { source, .. } => return source.hint(),
            Self::Twice { .. } => "leave one of them out".to_owned(),
            Self::NoMatch { is_number: true, .. } => {
                "add one whose limit is a number, as in 80=yellow".to_owned()
            }
            Self::NoMatch { message, .. } => {
                format!("add one for the text itself, as in '{message}=lightgrey', or give a number")
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(steps: &[&str], comparison: Comparison) -> Result<Thresholds, ThresholdError> {
        let steps: Result<Vec<_>, _> = steps.iter().map(|step| step.parse()).collect();
        Thresholds::new(&steps?, comparison)
    }

    #[test]
    fn a_number_has_the_colour_of_the_first_limit_above_it() {
        let exclusive = scale(&["100=green", "50=red", "80=yellow"], Comparison::Exclusive).unwrap();
        let inclusive = scale(&["50=red", "80=yellow", "100=green"], Comparison::Inclusive).unwrap();
        for (message, below, up_to) in [
            ("0", Color::RED, Color::RED),
            ("49.99%", Color::RED, Color::RED),
            ("50%", Color::YELLOW, Color::RED),
            ("79.9", Color::YELLOW, Color::YELLOW),
            ("80", Color::GREEN, Color::YELLOW),
            ("87.5%", Color::GREEN, Color::GREEN),
            ("9", Color::RED, Color::RED),
            ("100%", Color::GREEN, Color::GREEN),
            ("1_000", Color::GREEN, Color::GREEN),
            ("1.2k", Color::GREEN, Color::GREEN),
            ("-1", Color::RED, Color::RED),
        ] {
            assert_eq!(exclusive.color_of(message), Ok(below), "{message}");
            assert_eq!(inclusive.color_of(message), Ok(up_to), "{message}");
        }
    }

    #[test]
    fn beyond_the_last_limit_the_last_colour_holds_also_where_less_is_better() {
        let scale = scale(&["0=green", "10=red"], Comparison::Exclusive).unwrap();
        assert_eq!(scale.color_of("20"), Ok(Color::RED));
        assert_eq!(scale.beyond(Color::BLUE).color_of("20"), Ok(Color::BLUE));
    }

    #[test]
    fn texts_are_compared_as_texts() {
        let scale =
            scale(&["passing=green", "failing=red", "50%=yellow", "1.10.0=blue"], Comparison::Exclusive)
                .unwrap();
        for (message, color) in [
            ("passing", Color::GREEN),
            ("failing", Color::RED),
            ("1.10.0", Color::BLUE),
            ("7", Color::YELLOW),
        ] {
            assert_eq!(scale.color_of(message), Ok(color), "{message}");
        }
        for message in ["1.1.0", "v1.10", "Passing", "passing%", "n/a", ""] {
            let error = scale.color_of(message).unwrap_err();
            assert!(error.to_string().ends_with("which is no number"), "{error}");
            assert!(error.hint().is_some_and(|hint| hint.contains("=lightgrey")), "{error:?}");
        }
    }

    #[test]
    fn a_number_among_words_is_an_error() {
        let error = scale(&["passing=green"], Comparison::Exclusive).unwrap().color_of("7").unwrap_err();
        assert_eq!(error.to_string(), "no threshold is for '7', which is a number");
        assert_eq!(error.exit(), Exit::Usage);
    }

    #[test]
    fn wrong_scales_are_refused() {
        for (steps, told) in [
            (&["80"][..], "'80' is no threshold"),
            (&["=red"], "'=red' is no threshold"),
            (&["80=rde"], "the threshold '80=rde' has no colour"),
            (&["80="], "the threshold '80=' has no colour"),
            (&["80=red", "80%=blue"], "two thresholds have the limit 80"),
            (&["a=red", "a=blue"], "two thresholds have the limit a"),
            (&[], "there is no threshold"),
        ] {
            let error = scale(steps, Comparison::Exclusive).unwrap_err();
            assert_eq!(error.to_string(), told);
            assert!(error.hint().is_some());
        }
        let typed: Threshold = "a=b=#FFF".parse().unwrap();
        assert_eq!(typed.to_string(), "a=b=#ffffff");
    }
}
