//! A fleet and the service in virtual time: the library's own retry policy and limiter, used as a call uses them, against
//! a model of the service.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use trro::error::{Error, Status};
use trro::limiter::{ACCOUNT_REQUESTS_PER_S, Asking, DEFAULT_MAX_REQUESTS_PER_S, Limiter};
use trro::retry::Policy;

/// Of a call, as in the library.
const DEADLINE: Duration = Duration::from_secs(10);
/// From a device to the service, and back.
const ONE_WAY: Duration = Duration::from_millis(50);
const SECOND: Duration = Duration::from_secs(1);

/// What the devices do.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    pub devices: u32,
    /// What each is told; 0: nothing.
    pub fleet_size: u32,
    pub asking: Asking,
    /// When the devices ask for the first time: at random within this.
    pub begin_within: Duration,
    /// When a device asks again after it began to ask for what it has got, give or take a tenth.
    pub ask_every: Duration,
    /// How many answers a device wants.
    pub answers_wanted: u32,
    pub until: Duration,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    pub requests: u32,
    pub refused: u32,
    pub answers: Vec<Answer>,
}

#[derive(Debug, Clone, Copy)]
pub struct Answer {
    /// From the beginning.
    pub at: Duration,
    /// From when the device began to ask for it.
    pub after: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// A program calls `trro_get_devices`.
    Call,
    /// A request reaches the service.
    Request,
    /// The service's answer reaches the device.
    Answer,
    Refusal,
}

struct Device {
    limiter: Limiter,
    wanted_at: Duration,
    deadline: Duration,
    attempts: u32,
    answers: u32,
}

/// Answers a fixed number of requests in each second of its own clock, and refuses the others.
struct Service {
    clock_ahead: Duration,
    second: u64,
    requests: u32,
}

impl Service {
    fn accepts(&mut self, now: Duration) -> bool {
        let second = (now + self.clock_ahead).as_secs();
        if second != self.second {
            (self.second, self.requests) = (second, 0);
        }
        self.requests += 1;
        self.requests <= ACCOUNT_REQUESTS_PER_S
    }
}

/// Plays a scenario; the same seed plays it in the same way.
pub fn simulate(scenario: Scenario, seed: u64) -> Outcome {
    let mut simulation = Simulation::boot(scenario, seed);
    while let Some(Reverse((now, device, event))) = simulation.events.pop() {
        if now >= scenario.until {
            break;
        }
        simulation.step(now, device, event);
    }
    simulation.outcome
}

struct Simulation {
    scenario: Scenario,
    random: fastrand::Rng,
    devices: Vec<Device>,
    service: Service,
    events: BinaryHeap<Reverse<(Duration, usize, Event)>>,
    outcome: Outcome,
}

impl Simulation {
    fn boot(scenario: Scenario, seed: u64) -> Simulation {
        let mut random = fastrand::Rng::with_seed(seed);
        let service = Service { clock_ahead: SECOND.mul_f64(random.f64()), second: 0, requests: 0 };
        let (devices, events, outcome) = (Vec::new(), BinaryHeap::new(), Outcome::default());
        let mut simulation = Simulation { scenario, random, devices, service, events, outcome };
        for device in 0..scenario.devices as usize {
            let wanted_at = scenario.begin_within.mul_f64(simulation.random.f64());
            let limiter = Limiter::new(Some(DEFAULT_MAX_REQUESTS_PER_S), scenario.fleet_size);
            simulation.devices.push(Device { limiter, wanted_at, deadline: Duration::ZERO, attempts: 0, answers: 0 });
            simulation.happens(wanted_at, device, Event::Call);
        }
        simulation
    }

    fn step(&mut self, now: Duration, device: usize, event: Event) {
        match event {
            Event::Call => self.call(now, device),
            Event::Request => self.request(now, device),
            Event::Answer => self.answer(now, device),
            Event::Refusal => self.refusal(now, device),
        }
    }

    fn call(&mut self, now: Duration, device: usize) {
        self.devices[device].deadline = now + DEADLINE;
        self.devices[device].attempts = 0;
        self.send(now, device);
    }

    /// Sends at the limiter's turn; if that is after the deadline, the call fails and the program calls again then.
    fn send(&mut self, earliest: Duration, index: usize) {
        let device = &mut self.devices[index];
        match device.limiter.turn(earliest, device.deadline, self.scenario.asking, self.random.f64()) {
            Ok(turn) => self.happens(turn + ONE_WAY, index, Event::Request),
            Err(turn) => self.happens(turn, index, Event::Call),
        }
    }

    fn request(&mut self, now: Duration, device: usize) {
        self.outcome.requests += 1;
        let event = if self.service.accepts(now) { Event::Answer } else { Event::Refusal };
        self.happens(now + ONE_WAY, device, event);
    }

    fn answer(&mut self, now: Duration, index: usize) {
        let device = &mut self.devices[index];
        device.limiter.answered();
        device.answers += 1;
        self.outcome.answers.push(Answer { at: now, after: now - device.wanted_at });
        if device.answers < self.scenario.answers_wanted {
            let period = self.scenario.ask_every.mul_f64(0.9 + 0.2 * self.random.f64());
            device.wanted_at = now.max(device.wanted_at + period);
            let at = device.wanted_at;
            self.happens(at, index, Event::Call);
        }
    }

    fn refusal(&mut self, now: Duration, index: usize) {
        self.outcome.refused += 1;
        let device = &mut self.devices[index];
        device.limiter.refused(now, self.scenario.asking, self.random.f64());
        device.attempts += 1;
        let error = Error::new(Status::Throttled, "");
        match Policy::default().wait_after(device.attempts, &error, self.random.f64()) {
            Some(wait) => self.send(now + wait, index),
            None => {
                // With a time in the past as the latest, a turn is only asked for, not taken.
                let turn = device.limiter.turn(now, Duration::ZERO, self.scenario.asking, self.random.f64());
                self.happens(turn.unwrap_or_else(|turn| turn), index, Event::Call);
            }
        }
    }

    fn happens(&mut self, at: Duration, device: usize, event: Event) {
        self.events.push(Reverse((at, device, event)));
    }
}
