//! What is typed to say how a badge looks and where it goes: the same for every command that draws one.

use std::path::PathBuf;

use badge::{Color, Comparison, Link, Style, Threshold};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, Error, FromArgMatches};
use contract::args::DryRunArgs;

#[derive(Args, Debug)]
#[command(next_help_heading = "Badge")]
pub(crate) struct BadgeArgs {
    /// Draw the badge into this SVG file
    #[arg(short, long, value_name = "OUT", env = "LOC_BADGE_OUTPUT")]
    pub(crate) output: Option<PathBuf>,
    /// The text on the left of the badge
    #[arg(long, value_name = "TEXT", env = "LOC_BADGE_LABEL")]
    pub(crate) label: Option<String>,
    /// How it is drawn
    #[arg(long, value_name = "STYLE", env = "LOC_BADGE_STYLE", default_value = Style::Flat.name(), value_parser = style())]
    pub(crate) style: Style,
    #[command(flatten)]
    pub(crate) color: ColorChoice,
    /// The colour behind the label
    #[arg(long, value_name = "COLOR", env = "LOC_BADGE_LABEL_COLOR")]
    pub(crate) label_color: Option<Color>,
    /// A picture left of the label: an SVG, PNG, JPEG or GIF file of at most 64 KiB
    #[arg(long, value_name = "FILE", env = "LOC_BADGE_LOGO")]
    pub(crate) logo: Option<PathBuf>,
    /// Where a click leads; http or https
    ///
    /// In an <img> of a page nothing can be clicked: there the page has to link.
    #[arg(long, value_name = "URL", env = "LOC_BADGE_LINK")]
    pub(crate) link: Option<Link>,
    /// Show a large whole number short, 12345 as 12.3k
    #[arg(long, env = "LOC_BADGE_HUMAN")]
    pub(crate) human: bool,
    #[command(flatten)]
    pub(crate) dry_run: DryRunArgs,
}

fn style() -> impl TypedValueParser<Value = Style> {
    PossibleValuesParser::new(Style::ALL.map(Style::name)).try_map(|name| name.parse::<Style>())
}

/// A colour, or a scale of them.
#[derive(Debug)]
pub(crate) enum ColorChoice {
    /// What the command takes for itself.
    Default,
    One(Color),
    Scale(Vec<Threshold>, Comparison),
    /// One of them is too many. It is told when a badge is drawn: the command without a name finds the environment's
    /// even where another command was called.
    Both,
}

#[derive(Args, Debug)]
struct Typed {
    /// The colour of the badge: a name of badge-maker's (brightgreen, green, yellowgreen, yellow, orange, red, blue,
    /// lightgrey), of CSS, or hexadecimal digits
    #[arg(long, value_name = "COLOR", env = "LOC_BADGE_COLOR")]
    color: Option<Color>,
    /// The colour for numbers below LIMIT, without LIMIT itself, as in --threshold 50=red 80=yellow 100=green
    ///
    /// LIMIT has the next colour already (see --inclusive), and numbers beyond the last LIMIT have the last colour.
    /// 87.5%, 1_000 and 1.2k are numbers. Anything else, such as passing or 1.10.0, is a text, which has the colour of the
    /// LIMIT it equals. Several may follow one another: other arguments go before them, or behind another option.
    #[arg(
        long,
        value_name = "LIMIT=COLOR",
        env = "LOC_BADGE_THRESHOLD",
        num_args = 1..,
        value_delimiter = ',',
        verbatim_doc_comment
    )]
    threshold: Vec<Threshold>,
    /// A number that equals LIMIT has LIMIT's colour, not the next
    #[arg(long, env = "LOC_BADGE_INCLUSIVE")]
    inclusive: bool,
}

impl FromArgMatches for ColorChoice {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let typed = Typed::from_arg_matches(matches)?;
        let comparison = if typed.inclusive { Comparison::Inclusive } else { Comparison::Exclusive };
        let is_typed = |id| matches.value_source(id) == Some(ValueSource::CommandLine);
        match (typed.color, typed.threshold) {
            (None, steps) if steps.is_empty() => Ok(Self::Default),
            (Some(color), steps) if steps.is_empty() => Ok(Self::One(color)),
            (None, steps) => Ok(Self::Scale(steps, comparison)),
            // What is typed wins over the environment.
            (Some(color), _) if is_typed("color") && !is_typed("threshold") => Ok(Self::One(color)),
            (Some(_), steps) if is_typed("threshold") && !is_typed("color") => {
                Ok(Self::Scale(steps, comparison))
            }
            (Some(_), _) => Ok(Self::Both),
        }
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for ColorChoice {
    fn augment_args(command: Command) -> Command {
        Typed::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Typed::augment_args_for_update(command)
    }
}
